# A dynamic worker for each function.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .router)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);

const router :Workerd.Worker = (
  modules = [
    (name = "router.js", esModule = embed "workerd.js"),
    (name = "function.txt", text = embed "function.js")
  ],
  bindings = [(name = "loader", workerLoader = (id = "functions"))],
  compatibilityDate = "2026-01-01"
);
