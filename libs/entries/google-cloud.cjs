// `google.cloud`: the clients that speak HTTP. Those that speak gRPC say that they can't run here.

const cloud = {
  get bigquery() {
    return require('@google-cloud/bigquery');
  },
  get storage() {
    return require('@google-cloud/storage');
  },
};

for (const name of ['automl', 'datastore', 'firestore', 'functions', 'pubsub', 'tasks']) {
  Object.defineProperty(cloud, name, {
    get() {
      throw new Error(`google.cloud.${name} can't run here: it speaks gRPC, and functions have fetch and https; ` +
        'call its REST API');
    },
    configurable: true,
    enumerable: true,
  });
}

module.exports = { cloud };
