// Calls of the executor's API, in the JSON that grpcurl takes, too.

const STATUSES = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
  'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL',
  'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
];

/** The API has not done what it was asked for, for a reason that is not the function's. */
class NotDone extends Error {
  constructor(status) {
    super(status.message);
    this.code = STATUSES[status.code] ?? `status ${status.code}`;
    this.details = status.details ?? [];
  }
}

/** What the executor says of itself: where it is, and the functions it shows. */
export async function executor() {
  return (await (await fetch('/playground/executor')).json());
}

/** The version of the function that is being written; nothing when none is. */
export async function draft() {
  return (await (await fetch('/playground/draft')).json()).draft;
}

/** A text of the page's own, such as a sample event. */
export async function text(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

/** The response to a request. Throws [`NotDone`], or what `fetch` does. */
export async function call(method, request, { token, signal } = {}) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  const body = JSON.stringify(request);
  const answer = await fetch(`/playground/call/${method}`, { method: 'POST', headers, body, signal });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  const { response, status } = await answer.json();
  if (status) throw new NotDone(status);
  return response;
}

/** A text as the API has bytes in JSON. */
export function toBytes(text) {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** The text in such bytes; `undefined` when they are none. */
export function fromBytes(base64) {
  const bytes = Uint8Array.from(atob(base64 ?? ''), character => character.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
