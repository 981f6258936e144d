// The executor under test, on ports that are free, and the directory of a function that it serves.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.PENSTOCK ?? 'target/debug/penstock';

/** How long a start may take, in milliseconds. */
const PATIENCE_MS = 120_000;

const FLAGS = [
  '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--cells', '1', '--egress-allow', '127.0.0.0/8',
  // Nothing here is about time.
  '--wall-time-ms', '60000',
];

/** A running executor. */
export class Executor {
  #process;

  constructor(process, origin) {
    this.#process = process;
    this.origin = origin;
  }

  /** With the examples as its functions, and more flags. */
  static serve(...flags) {
    return Executor.#start(['serve', ...FLAGS, ...flags]);
  }

  /** With the function in a directory, as it is saved there. */
  static dev(directory) {
    return Executor.#start(['dev', directory, ...FLAGS]);
  }

  static async #start(commandLine) {
    const folder = await directory({});
    const ready = join(folder.path, 'ready.json');
    const child = spawn(BINARY, [...commandLine, '--ready-file', ready], { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
    let said = '';
    child.stderr.on('data', chunk => {
      said += chunk;
    });
    child.on('error', error => {
      said += `${error}`;
    });
    try {
      return new Executor(child, `http://${await addressIn(ready, child)}`);
    } catch (error) {
      child.kill();
      throw new Error(`${BINARY} ${commandLine.join(' ')} does not start:\n${said}`, { cause: error });
    } finally {
      await folder.remove();
    }
  }

  async stop() {
    const ended = new Promise(resolve => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await ended;
  }
}

/** The admin endpoint's address, once the executor has written it to this file. */
async function addressIn(file, child) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && child.exitCode === null; ) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return JSON.parse(text).admin;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`it has not written ${file}`);
}

/** A directory with these files, and what writes to it and removes it. */
export async function directory(files) {
  const path = await mkdtemp(join(tmpdir(), 'penstock-playground-'));
  const write = (name, text) => writeFile(join(path, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return { path, write, remove: () => rm(path, { recursive: true }) };
}

/** A server for functions to make requests to: `/slow` takes its time, `/bad` refuses. */
export async function upstream() {
  const server = createServer((request, response) => {
    const answer = () => {
      response.writeHead(request.url === '/bad' ? 503 : 200, { 'content-type': 'application/json' });
      response.end('{"company":"Acme"}');
    };
    setTimeout(answer, request.url === '/slow' ? 100 : 0);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
