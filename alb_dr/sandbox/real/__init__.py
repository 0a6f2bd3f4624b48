"""A real control plane in the place of the embedded API: etcd, kube-apiserver, and their use."""
