"""An embedded Kubernetes API: enough for kubectl and the official client, judged by transcripts."""
