// Takes our secrets out of texts of a server or a proxy, which may repeat the request in its answer, before they reach a
// log or a message.

export interface Redactor {
  add(secret: string): void;
  redact(text: string): string;
}

/** In characters. Argo CD's tokens have hundreds; every secret of this length or more is taken out. */
const long = 16;
/** A shorter secret is taken out only if it has this many characters, and not letters alone. */
const shortest = 8;
/** Tokens change, and a late answer may still repeat an old one. */
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

/**
 * `simulated`, `password` and `v2` occur in ordinary texts. A gap in a text that everybody knows would tell the secret.
 */
function mayBeAWord(secret: string): boolean {
  return secret.length < shortest || (secret.length < long && /^\p{L}+$/u.test(secret));
}

/** Also in the forms that JSON, JSON within JSON, and URLs give the secret. */
export function redactIn(text: string, secret: string): string {
  const escaped = escape(secret);
  const forms = [escape(escaped), escaped, secret, encodeURIComponent(Buffer.from(secret).toString())];
  return forms.reduce((redacted, form) => redacted.replaceAll(form, () => '<secret>'), text);
}

function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
