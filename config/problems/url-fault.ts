// Says what is wrong with a URL, and which URL to write if that is clear.

interface Wanted {
  /** The accepted schemes with a colon, the usual one first: `mqtt:`. */
  readonly schemes: readonly string[];
  /** Whether a host without a scheme is accepted. It then has the first scheme. */
  readonly bareHost: boolean;
  readonly example: string;
  /** Schemes that other programs use, and the scheme to write here; undefined if it is not supported. */
  readonly others: ReadonlyMap<string, string | undefined>;
}

interface UrlFault {
  readonly message: string;
  readonly remedy: string;
}

export const brokerUrl: Wanted = {
  schemes: ['mqtt:', 'mqtts:'],
  bareHost: false,
  example: 'mqtt://broker.example:1883` or, encrypted, `mqtts://broker.example:8883',
  others: new Map(
    Object.entries({
      tcp: 'mqtt',
      http: 'mqtt',
      ssl: 'mqtts',
      tls: 'mqtts',
      https: 'mqtts',
      ws: undefined,
      wss: undefined,
    }),
  ),
};

export const webUrlWanted: Wanted = {
  schemes: ['https:', 'http:'],
  bareHost: true,
  example: 'https://argocd.example` or `https://example.org/argo-cd',
  others: new Map(Object.entries({ grpc: 'https', tcp: 'https', ws: 'http', wss: 'https', argocd: 'https' })),
};

/** Undefined if the value is a URL with a host and one of the schemes. */
export function urlFault(value: string, wanted: Wanted): UrlFault | undefined {
  const { schemes, bareHost, example, others } = wanted;
  const first = schemes[0] ?? '';
  const begins = schemes.map((scheme) => `${scheme}//`).join(' or ');
  const likeThis = `write for example \`${example}\``;
  // A message must never repeat what may be a password.
  const write = (line: string) =>
    /[@?#]/.test(line) || !isUrl(line, schemes) ? likeThis : `write \`${line}\``;
  const fault = (message: string, line?: string): UrlFault => ({
    message,
    remedy: line === undefined ? likeThis : write(line),
  });

  if (value.trim() === '') return fault('is empty');
  if (/\s/.test(value)) {
    const where = /^\s/.test(value) ? ' at its beginning' : /\s$/.test(value) ? ' at its end' : ' in it';
    return fault(`has a space or line break${where}`, full(value.replace(/\s+/g, ''), first, bareHost));
  }
  const [, scheme = '', colon = '', slashes = '', rest = ''] =
    /^(?:([a-z][a-z0-9+.-]*?)(:?)(\/\/?))?(.*)$/is.exec(value) ?? [];
  const name = scheme.toLowerCase();
  const isOurs = schemes.includes(`${name}:`);
  if (isOurs && (colon === '' || slashes !== '//'))
    return fault(
      `must begin with ${name}://, with a colon and two slashes`,
      `${name}://${rest.replace(/^\/+/, '')}`,
    );
  const [, ownScheme, afterColon = ''] = /^([a-z]+):([^/\d].*)$/i.exec(value) ?? [];
  if (ownScheme !== undefined && schemes.includes(`${ownScheme.toLowerCase()}:`))
    return fault(
      `must begin with ${ownScheme.toLowerCase()}://, with two slashes`,
      `${ownScheme.toLowerCase()}://${afterColon}`,
    );
  if (value.includes('://') && !isOurs) {
    const ours = others.get(name);
    const why = others.has(name) && ours === undefined ? ': MQTT over WebSockets is not supported' : '';
    return fault(
      `begins with ${name}://, but must begin with ${begins}${why}`,
      ours === undefined ? undefined : `${ours}://${rest}`,
    );
  }
  if (!value.includes('://') && !bareHost) return fault(`must begin with ${begins}`, `${first}//${value}`);

  const authority = (value.includes('://') ? rest : value).replace(/[/?#].*$/s, '').replace(/^.*@/s, '');
  const base = value.includes('://') ? `${name}://` : '';
  if (authority === '') return fault('has no host');
  if (authority.startsWith('[')) {
    if (!authority.includes(']'))
      return fault('has a `[` that is not closed: an IPv6 address must be in [ ]');
  } else if ((authority.match(/:/g) ?? []).length > 1)
    return fault('has an IPv6 address without brackets', `${base || `${first}//`}[${authority}]`);
  const port = /:([^:\]]*)$/.exec(authority)?.[1];
  if (port !== undefined && port !== '') {
    if (!/^\d+$/.test(port))
      return fault(
        'has a port that is not a number',
        `${base || `${first}//`}${authority.slice(0, -port.length - 1)}`,
      );
    if (Number(port) > 65_535)
      return {
        message: `has the port ${port}, but ports go from 1 to 65535`,
        remedy: 'write the port on which the server listens',
      };
  }
  return isUrl(full(value, first, bareHost), schemes) ? undefined : fault('has an invalid host');
}

function full(value: string, first: string, bareHost: boolean): string {
  return bareHost && !value.includes('://') ? `${first}//${value}` : value;
}

function isUrl(value: string, schemes: readonly string[]): boolean {
  if (/\s/.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return schemes.includes(url.protocol) && url.hostname !== '';
}
