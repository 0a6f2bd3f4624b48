// Another client's script: closed loop (N, C) or constant arrival rate (RATE, SECONDS).
import http from "k6/http";

const rate = Number(__ENV.RATE || 0);
const duration = `${__ENV.SECONDS || 5}s`;
export const options = {
  discardResponseBodies: false,
  noConnectionReuse: __ENV.FRESH === "1",
  summaryTrendStats: ["med", "p(99)", "max"],
  scenarios: {
    all: rate
      ? { executor: "constant-arrival-rate", rate, duration, timeUnit: "1s",
          preAllocatedVUs: Math.min(1000, rate * 2), maxVUs: 2000 }
      : { executor: "shared-iterations", vus: Number(__ENV.C), iterations: Number(__ENV.N),
          maxDuration: "120s" },
  },
};
const params = { headers: { Host: "alb.ingress.alibaba.com" } };
export default function () {
  const answer = http.get(__ENV.URL, params);
  if (!answer.body.includes("poc-ack-1")) throw new Error("wrong answer");
}
