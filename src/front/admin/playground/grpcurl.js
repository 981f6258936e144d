// The same call from a shell.

/** What grpcurl is to be told; `settings` that are secret are left for whoever runs it to fill in. */
export function grpcurl(executor, method, request, secretNames) {
  const settings = Object.entries(request.settings ?? {}).map(([name, value]) => [
    name,
    secretNames.includes(name) ? `FILL_IN_${name}` : value,
  ]);
  const sent = { ...request, settings: settings.length > 0 ? Object.fromEntries(settings) : undefined };
  const flags = [
    executor.tls ? '-cacert ca.crt' : '-plaintext',
    executor.token && '-H "authorization: Bearer $TOKEN"',
    '-d @',
  ].filter(Boolean);
  // No line of JSON is EOF: a string's line ends are escaped.
  return [
    `grpcurl ${flags.join(' ')} ${executor.grpc} \\`,
    `  penstock.executor.v1.ExecutorService/${method} <<'EOF'`,
    JSON.stringify(sent, null, 2),
    'EOF',
    '',
  ].join('\n');
}
