// Times and sizes as people read them.

/** Milliseconds of a duration as the API writes it, such as `0.003683270s`. */
export const milliseconds = duration => (duration ? Number.parseFloat(duration) * 1000 : 0);

export function time(ms) {
  if (ms < 0.01) return '0 ms';
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

export function size(bytes) {
  const number = Number(bytes ?? 0);
  if (number < 1024) return `${number} B`;
  if (number < 1024 * 1024) return `${(number / 1024).toFixed(1)} KiB`;
  return `${(number / 1024 / 1024).toFixed(1)} MiB`;
}

/** An enumerator without its enum's name: `ERROR_CODE_RETRY` is `RETRY`. */
export const bare = (enumerator, prefix) => (enumerator ?? '').replace(prefix, '');

export const plural = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;
