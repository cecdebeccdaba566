// Adds a flag for every configuration key, and reads the given flags from the command line.
import { Option, type Command } from 'commander';
import { fileVariable } from '../config/environment.ts';
import { flagsOf, type SectionName } from '../config/sections.ts';

/** What `loadConfig` needs besides the sections. */
export interface GivenFlags {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly configFile?: string;
  /** the text of each flag, by configuration key */
  readonly flags: Readonly<Record<string, string>>;
}

/** The settings that most people use. `--help` shows these, `--help-all` shows every setting. */
const shownFirst: ReadonlySet<string> = new Set([
  'mqtt.url',
  'mqtt.username',
  'mqtt.passwordFile',
  'mqtt.topicPrefix',
  'log.level',
  'health.port',
  'broker.host',
  'broker.port',
  'agent.driver',
  'worker.stateDir',
  'argocd.server',
  'argocd.tokenFile',
  'argocd.caFile',
  'homeAssistant.enabled',
  'simulator.port',
]);

/** Adds `--config` and the flags of the sections. The returned function reads them after parsing. */
export async function addConfigFlags(
  command: Command,
  sections: readonly SectionName[],
): Promise<() => GivenFlags> {
  command.addOption(
    new Option(
      '--config <file>',
      `the configuration file, in YAML (default: the file that ${fileVariable} names, otherwise config/release-button.yaml if it exists)`,
    ),
  );
  const flags = await flagsOf(sections);
  const options = flags.map(({ path, flag, type, doc, initial }) => {
    const option = new Option(
      type === 'boolean' ? `${flag} [boolean]` : `${flag} <${type}>`,
      initial === undefined ? doc : `${doc} (default: ${initial})`,
    );
    option.helpGroup(`Settings, ${path.slice(0, path.indexOf('.'))}:`);
    // A flag without a value means true. Commander's `preset` would say so in the help, where it reads like a second default.
    if (type === 'boolean') option.argParser(String);
    if (!shownFirst.has(path)) option.hideHelp();
    command.addOption(option);
    return { path, option };
  });
  const hidden = options.filter(({ option }) => option.hidden);
  if (hidden.length > 0) addHelpAll(command, hidden);
  return () => {
    const configFile: unknown = command.getOptionValue('config');
    const given: Record<string, string> = {};
    for (const { path, option } of options) {
      const value: unknown = command.getOptionValue(option.attributeName());
      if (value === true) given[path] = 'true';
      if (typeof value === 'string') given[path] = value;
    }
    return {
      cwd: process.cwd(),
      env: process.env,
      flags: given,
      ...(typeof configFile === 'string' ? { configFile } : {}),
    };
  };
}

/** Adds `--help-all`, and a text that says how else a setting can be given. */
function addHelpAll(command: Command, hidden: readonly { readonly option: Option }[]): void {
  command
    .addOption(new Option('--help-all', `show this help with ${hidden.length} more settings`))
    .on('option:help-all', () => {
      for (const { option } of hidden) option.hideHelp(false);
      command.help();
    })
    .addHelpText(
      'after',
      () =>
        `\n${hidden.some(({ option }) => option.hidden) ? `\`release-button ${command.name()} --help-all\` shows ${hidden.length} more settings.\n` : ''}Each setting is also a key of the configuration file and an environment variable. For example, \`--mqtt-url\` is also\n\`mqtt.url\` and \`RELEASE_BUTTON_MQTT_URL\`. docs/configuration.md lists all settings.`,
    );
}
