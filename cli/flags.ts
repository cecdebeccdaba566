// Every configuration key as a flag of a verb, and what was given on the command line by key.
import type { Command } from 'commander';
import { Option } from 'commander';
import type { SectionName } from '../config/sections.ts';
import { flagsOf } from '../config/sections.ts';

export interface GivenFlags {
  readonly configFile?: string;
  /** text by key, as `loadConfig` takes it */
  readonly flags: Readonly<Record<string, string>>;
}

/** Adds `--config` and the flags of the sections; the returned function reads what was given, after parsing. */
export async function addConfigFlags(
  command: Command,
  sections: readonly SectionName[],
): Promise<() => GivenFlags> {
  command.addOption(
    new Option('--config <file>', 'the YAML file; without it config/release-button.yaml where there is one'),
  );
  const flags = await flagsOf(sections);
  const options = flags.map(({ path, flag, type, doc }) => {
    const option = new Option(type === 'boolean' ? `${flag} [${type}]` : `${flag} <${type}>`, doc).helpGroup(
      'Configuration (each is also a key of the file and a variable):',
    );
    if (type === 'boolean') option.preset('true');
    command.addOption(option);
    return { path, name: option.attributeName() };
  });
  return () => {
    const configFile: unknown = command.getOptionValue('config');
    const given: Record<string, string> = {};
    for (const { path, name } of options) {
      const value: unknown = command.getOptionValue(name);
      if (typeof value === 'string') given[path] = value;
    }
    return { flags: given, ...(typeof configFile === 'string' ? { configFile } : {}) };
  };
}
