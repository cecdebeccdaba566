// `release-button config`: checks the configuration and shows every value in force and its origin.
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
      'as with start: the real Argo CD, not the demo, where there is no configuration file',
    ),
  );
  command.addHelpText('after', '\nExit codes: 0 the configuration can be used · 2 it cannot, or usage');
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
      if (demo) print('# the demo: no configuration file and no --argocd, so Argo CD is simulated');
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
