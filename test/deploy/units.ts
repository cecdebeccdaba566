// Reads the units of deploy/systemd/ as systemd does: keys in order, a key possibly several times.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const folder = join(import.meta.dirname, '../../deploy/systemd');

export interface Unit {
  /** `release-button-agent.service`; for a template its instance for staging, `release-button-worker@staging.service` */
  readonly file: string;
  /** The name of its file, which has no instance for a template. */
  readonly template: string;
  /** The value of `%i`; empty for a unit that is no template. */
  readonly instance: string;
  readonly path: string;
  /** All values of a key, in order. */
  all(key: string): readonly string[];
}

export function readUnits(): readonly Unit[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.service'))
    .map((template) => {
      const path = join(folder, template);
      const instance = template.includes('@') ? 'staging' : '';
      const settings = settingsIn(readFileSync(path, 'utf8').replaceAll('%i', instance));
      return {
        file: template.replace('@', `@${instance}`),
        template,
        instance,
        path,
        all: (key) => settings.flatMap(([name, value]) => (name === key ? [value] : [])),
      };
    });
}

/** `Key=value` lines of a unit, or of a drop-in that a text shows. */
export function settingsIn(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/^([A-Z][A-Za-z]+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]);
}
