// Reads the units of deploy/systemd/ as systemd does: the keys in their order, and a key possibly several times.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const folder = join(import.meta.dirname, '../../deploy/systemd');

export interface Unit {
  /**
   * `release-button-agent.service`, or for a template its instance for staging: `release-button-worker@staging.service`
   */
  readonly file: string;
  /** the name of the unit file, which has no instance for a template */
  readonly template: string;
  /** the value of `%i`; empty if the unit is not a template */
  readonly instance: string;
  readonly path: string;
  /** all values of a key, in their order */
  valuesOf(key: string): readonly string[];
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
        valuesOf: (key) => settings.flatMap(([name, value]) => (name === key ? [value] : [])),
      };
    });
}

/** The `Key=value` lines of a unit, or of a drop-in on a page. */
export function settingsIn(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/^([A-Z][A-Za-z]+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]);
}
