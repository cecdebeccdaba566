// Removes our secrets from texts of a server or a proxy before they reach a log or a message. A server may repeat the
// request in its answer.

export interface Redactor {
  add(secret: string): void;
  redact(text: string): string;
}

/** Every secret of at least this length is removed. Argo CD's tokens have hundreds of characters. */
const long = 16;
/** A shorter secret is removed only if it has at least this many characters, and not letters alone. */
const shortest = 8;
/** Number of secrets that are remembered. Tokens change, and a late answer may still repeat an old one. */
const remembered = 64;

export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  return {
    add: (secret) => {
      if (mayBeAWord(secret) || secrets.has(secret)) return;
      secrets.add(secret);
      for (const oldest of secrets) {
        if (secrets.size <= remembered) break;
        secrets.delete(oldest);
      }
    },
    redact: (text) => [...secrets].reduce(redactIn, text),
  };
}

/** Ordinary texts contain `simulated`, `password` and `v2`. A gap in a well-known text would reveal the secret. */
function mayBeAWord(secret: string): boolean {
  return secret.length < shortest || (secret.length < long && /^\p{L}+$/u.test(secret));
}

/** Also replaces the secret as JSON, JSON within JSON, and URLs encode it. */
export function redactIn(text: string, secret: string): string {
  const escaped = escape(secret);
  const forms = [escape(escaped), escaped, secret, encodeURIComponent(Buffer.from(secret).toString())];
  return forms.reduce((redacted, form) => redacted.replaceAll(form, () => '<secret>'), text);
}

function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
