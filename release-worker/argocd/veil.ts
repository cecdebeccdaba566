// A server or a proxy that repeats the request in its answer must not bring our secrets into a log or a message.

export interface Veil {
  add(secret: string): void;
  hide(text: string): string;
}

/** Argo CD's tokens have hundreds of characters. Every secret of this length or more is hidden. */
const long = 16;
/** A shorter secret is hidden only where it looks like one: with this many characters, and not letters alone. */
const shortest = 8;
/** Tokens change: some that were in use before, which a late answer may still repeat, are remembered. */
const remembered = 64;

export function createVeil(): Veil {
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
    hide: (text) => [...secrets].reduce(hideIn, text),
  };
}

/**
 * `simulated`, `password` and `v2` occur in ordinary texts. To hide such a secret would blank the text, and the gap in a
 * known text would tell the secret.
 */
function mayBeAWord(secret: string): boolean {
  return secret.length < shortest || (secret.length < long && /^\p{L}+$/u.test(secret));
}

/** Also as JSON, JSON within JSON, and URLs would write it. */
export function hideIn(text: string, secret: string): string {
  const escaped = escape(secret);
  const forms = [escape(escaped), escaped, secret, encodeURIComponent(Buffer.from(secret).toString())];
  return forms.reduce((hidden, form) => hidden.replaceAll(form, () => '<secret>'), text);
}

function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
