// Which buttons release which applications.
import type { Config } from '../config/sections.ts';
import { selects } from '../config/selects.ts';
import type { Log } from '../service/log.ts';
import type { Registry } from './drift/registry.ts';

export type ButtonConfig = Config['worker']['buttons'][number];

/** The ids of the buttons that release an application, in the order of the configuration. */
export function buttonsSelecting(
  buttons: readonly Pick<ButtonConfig, 'id' | 'select'>[],
  app: Parameters<typeof selects>[1],
): string[] {
  return buttons.filter(({ select }) => selects(select, app)).map(({ id }) => id);
}

/** Logs how many applications each button releases. A selection that matches nothing is usually a mistake. */
export function logSelections({
  buttons,
  registry,
  server,
  log,
}: {
  readonly buttons: readonly Pick<ButtonConfig, 'id' | 'select'>[];
  readonly registry: Pick<Registry, 'all'>;
  readonly server: string;
  readonly log: Log;
}): void {
  const all = [...registry.all()];
  for (const { id, select } of buttons) {
    const selected = all.filter((app) => selects(select, app)).length;
    const about = { button: id, selected, server };
    if (selected > 0)
      log.info(about, `button ${id} releases ${selected} applications of Argo CD at ${server}`);
    else
      log.warn(
        about,
        `button ${id} releases nothing yet: its selection ${JSON.stringify(select)} matches no application that the token may see in Argo CD at ${server}. If you did not expect that, correct its select in worker.buttons, or the rights of the account (applications, get)`,
      );
  }
}
