// Says which buttons another worker on the prefix has too, and takes the presses of.
import type { Health } from '../service/health.ts';
import type { Log } from '../service/log.ts';

export interface Taken {
  /** To be called at the start, and when other workers or their buttons have changed. */
  say(): void;
}

export function createTaken({
  buttons,
  takes,
  health,
  log,
}: {
  readonly buttons: readonly { readonly id: string }[];
  /** Another worker that is online has the button too, and comes before us. */
  readonly takes: (button: string) => boolean;
  readonly health: Health;
  readonly log: Log;
}): Taken {
  const buttonsHealth = health.check('buttons', 'degraded');
  let said = '';
  return {
    say: () => {
      const taken = buttons.filter(({ id }) => takes(id)).map(({ id }) => id);
      const message =
        taken.length === 0
          ? ''
          : `another worker on this prefix has the same buttons and takes their presses: ${taken.join(', ')}. Give each button to one worker (worker.buttons)`;
      if (message === '') buttonsHealth.ok();
      else buttonsHealth.bad(message);
      if (message !== '' && message !== said) log.error(message);
      said = message;
    },
  };
}
