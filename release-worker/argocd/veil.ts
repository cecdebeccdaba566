// A server or a proxy that repeats the request in its answer must not bring our secrets into a log or a message.

export interface Veil {
  add(secret: string): void;
  hide(text: string): string;
}

/** Argo CD's tokens have hundreds of characters. A short one, such as the simulator's, is a word that may well occur. */
const shortest = 16;
/** Tokens change: some that were in use before, which a late answer may still repeat, are remembered. */
const remembered = 64;

export function createVeil(): Veil {
  const secrets = new Set<string>();
  return {
    add: (secret) => {
      if (secret.length < shortest || secrets.has(secret)) return;
      secrets.add(secret);
      for (const oldest of secrets) {
        if (secrets.size <= remembered) break;
        secrets.delete(oldest);
      }
    },
    hide: (text) => [...secrets].reduce(hideIn, text),
  };
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
