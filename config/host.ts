// Names and addresses of machines as people write them, in the configuration and in URLs.

/** Only the characters of a host. A user, port, path or percent sign would change the meaning of the URL. */
const plainHost = /^\[?[0-9a-z.:_-]+\]?$/i;

/**
 * True for a host that only this machine can reach: `localhost`, 127.0.0.0/8 and `::1`, in every spelling that the system accepts.
 * False for all other names, because they are not looked up, and for `0`, `0.0.0.0` and `::`, which mean every address of this
 * machine.
 * @param host with or without the brackets of a URL
 */
export function isLoopback(host: string): boolean {
  const name = asUrlWritesIt(host);
  return (
    name !== undefined &&
    // An IPv4 address within IPv6 begins with `::ffff:`; 7f is 127.
    (name === 'localhost' || name === '[::1]' || /^127(\.\d+){3}$|^\[::ffff:7f[0-9a-f]{2}:/.test(name))
  );
}

/** The host for a URL with which this machine reaches a server that listens on `host`. If that is every address: loopback. */
export function reachedAt(host: string): string {
  const name = asUrlWritesIt(host);
  if (name === '0.0.0.0') return '127.0.0.1';
  return name === '[::]' ? '[::1]' : hostInUrl(host);
}

/** An IPv6 address gets brackets, so that its colons do not begin a port. */
export function hostInUrl(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** The URL standard reads addresses as the system does (`127.1`, `0x7f.0.0.1`), and writes each address in only one way. */
function asUrlWritesIt(host: string): string | undefined {
  const url = `http://${hostInUrl(host)}`;
  // `127.0.0.1:80` is neither an IPv4 nor an IPv6 address.
  if (!plainHost.test(host) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/\.$/, '');
}
