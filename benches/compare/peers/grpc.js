// Node + isolated-vm behind grpc-js, with Penstock's own messages. Prints its port.
'use strict';

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { tenant } = require('./tenants.js');

const PROTO = path.join(__dirname, '../../../proto');
const definition = loader.loadSync('penstock/executor/v1/executor.proto', {
  includeDirs: [PROTO],
  keepCase: true,
});
const { ExecutorService } = grpc.loadPackageDefinition(definition).penstock.executor.v1;

const unary = answer => (call, done) => answer(call.request).then(
  response => done(null, response),
  error => done({ code: grpc.status.INTERNAL, message: String(error) }),
);

async function invoke({ function: { version, source }, event_json }) {
  const { one } = await tenant(version, source);
  return { event_json: Buffer.from(await one(event_json.toString())) };
}

async function invokeBatch({ function: { version, source }, events_json }) {
  const { many } = await tenant(version, source);
  const events = JSON.parse(await many(`[${events_json.join(',')}]`));
  return { results: events.map(event => ({ event_json: Buffer.from(JSON.stringify(event)) })) };
}

const server = new grpc.Server();
server.addService(ExecutorService.service, { Invoke: unary(invoke), InvokeBatch: unary(invokeBatch) });
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
