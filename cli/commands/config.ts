// `release-button config`: checks the configuration, and shows every setting and where its value came from.
import { Option, type Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { renderConfig } from '../../config/render.ts';
import { sectionNames } from '../../config/sections.ts';
import { argocdNeeds } from '../argocd-needs.ts';
import { loadStart } from '../demo.ts';
import { print, usageError } from '../exit.ts';
import { addConfigFlags } from '../flags.ts';
import { processNamed, processNames, processSections } from '../processes.ts';
import { unknownProcess } from '../suggest.ts';

export async function configure(command: Command): Promise<void> {
  command.addOption(
    new Option(
      '--argocd',
      'as with `start`: without a configuration file, show the settings for the real Argo CD, not those of the demo',
    ),
  );
  command.addHelpText('after', `\nProcesses: start (default), ${processNames.slice(1).join(', ')}`);
  command.addHelpText('after', '\nExit codes: 0 the configuration is valid · 2 wrong usage or configuration');
  const given = await addConfigFlags(command, sectionNames);
  command.action(async (wanted: unknown) => {
    const name = processNamed(typeof wanted === 'string' ? wanted : 'start');
    if (name === undefined)
      return command.error(unknownProcess('there is no process', String(wanted), processNames), {
        exitCode: usageError,
      });
    if (name === 'start') {
      const real: unknown = command.getOptionValue('argocd');
      const { demo, loaded } = await loadStart(given(), real === true);
      if (demo)
        print('# This is the demo: there is no configuration file and no --argocd, so Argo CD is simulated');
      print(renderConfig(loaded));
      return undefined;
    }
    if (name === 'release-worker')
      print(
        renderConfig(
          await loadConfig({
            ...given(),
            sections: processSections[name],
            ...argocdNeeds,
          }),
        ),
      );
    else print(renderConfig(await loadConfig({ ...given(), sections: processSections[name] })));
    return undefined;
  });
}
