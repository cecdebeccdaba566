// Checks the form of Argo CD tokens and of additional headers, when the configuration is loaded and when the file of such a secret
// has changed. Messages never contain the secret.

/** Undefined if the text may be a token. */
export function tokenFault(text: string): string | undefined {
  if (/^["'`]|["'`]$/.test(text)) return 'begins or ends with a quote, and quotes are part of the value here';
  if (/["'`]/.test(text)) return 'must not contain quotes';
  if (/^Bearer\s/i.test(text)) return 'begins with `Bearer`, which is not part of the token';
  if (/[\r\n]/.test(text)) return 'has more than one line';
  if (/\s/.test(text)) return `has a space ${/^\s|\s$/.test(text) ? 'at its beginning or end' : 'in it'}`;
  return /^[\x21-\x7e]*$/.test(text) ? undefined : 'has a character that cannot be in a token';
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Headers that every request already has, and headers that HTTP itself needs. */
const reserved = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Lines of `Name: value`, as curl reads them from a file. Empty lines are ignored. */
export function parseHeaders(
  text: string,
): { readonly headers: readonly Header[]; readonly fault?: never } | { readonly fault: string } {
  const headers: Header[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const where = `line ${index + 1}`;
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return { fault: `has no \`Name: value\` in ${where}` };
    if (!/^[\x20-\x7e]+$/.test(value))
      return { fault: `has no value in ${where}, or a value with characters that are not ASCII` };
    const lower = name.toLowerCase();
    if (reserved.has(lower))
      return { fault: `must not have ${lower} (${where}): every request already has this header` };
    if (headers.some((other) => other.name === lower)) return { fault: `has a header twice (${where})` };
    headers.push({ name: lower, value });
  }
  return headers.length === 0 ? { fault: 'has no header' } : { headers };
}
