// Node + isolated-vm behind HTTP/1.1: a POST of JSON, the function named in a header. Prints its port.
'use strict';

const http = require('node:http');
const { tenant } = require('./tenants.js');

async function answer(request, body) {
  const { one, many } = await tenant(request.headers['x-function-id']);
  return request.url === '/batch' ? many(body) : one(body);
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => answer(request, Buffer.concat(chunks).toString()).then(
    text => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
    error => response.writeHead(500).end(String(error)),
  ));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
