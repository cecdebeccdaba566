// `release-button start`: runs broker, agent, worker and the Home Assistant part in one process. The demo also runs the
// simulated Argo CD.
import { Option, type Command } from 'commander';
import { brokerPart } from '../../broker/main.ts';
import { agentPart } from '../../gpio-agent/main.ts';
import type { Config } from '../../config/sections.ts';
import { homeAssistantPart } from '../../home-assistant/main.ts';
import { gestures } from '../../messages/gesture.ts';
import { workerPart } from '../../release-worker/main.ts';
import type { Part } from '../../service/life-cycle.ts';
import { loadStart } from '../demo.ts';
import { addConfigFlags } from '../flags.ts';
import { processSections } from '../processes.ts';
import { run } from '../run.ts';
import { simulatorPart } from '../simulator.ts';

export async function configure(command: Command): Promise<void> {
  command.addOption(
    new Option(
      '--argocd',
      'without a configuration file, use the real Argo CD of ARGOCD_SERVER and ARGOCD_AUTH_TOKEN (or argocd.*), not the demo',
    ),
  );
  const given = await addConfigFlags(command, processSections.start);
  command.action(async () => {
    const real: unknown = command.getOptionValue('argocd');
    const { demo, loaded } = await loadStart(given(), real === true);
    const { config, secretFiles, warnings, file } = loaded;
    await run({
      name: 'start',
      config,
      warnings,
      ...(file === undefined ? {} : { file }),
      parts: (context) => {
        const { log } = context;
        const parts: Part[] = [];
        const broker = config.mqtt.url === undefined ? brokerPart(config.broker, context) : undefined;
        if (broker !== undefined) parts.push(broker);
        const simulator = demo
          ? simulatorPart(config.simulator, log.child({ part: 'simulator' }))
          : undefined;
        if (simulator === undefined) log.info(`Argo CD: ${config.argocd.server}`);
        else {
          log.warn(
            'this is the demo: Argo CD is simulated, nothing real is released, and the variables ARGOCD_* are ignored. To use a real Argo CD, write config/release-button.yaml or add --argocd',
          );
          parts.push(simulator);
        }
        const brokerUrl = () => broker?.url();
        parts.push(
          agentPart({ config, brokerUrl }, context),
          workerPart(
            { config, secretFiles, brokerUrl, server: () => simulator?.url() ?? config.argocd.server },
            context,
          ),
        );
        if (config.homeAssistant.enabled) parts.push(homeAssistantPart({ config, brokerUrl }, context));
        if (demo) parts.push(hint(brokerUrl, config, log));
        return parts;
      },
    });
  });
}

/** The last lines that the demo prints at its start: how to press, and how to roll back. */
function hint(
  url: () => string | undefined,
  { mqtt: { topicPrefix }, worker }: Pick<Config, 'mqtt' | 'worker'>,
  log: { info(message: string): void },
): Part {
  return {
    name: 'hint',
    start: () => {
      const broker = new URL(url() ?? 'mqtt://127.0.0.1:1883');
      const port = broker.port === '1883' ? '' : `-p ${broker.port} `;
      const [button] = worker.buttons;
      const publish = (topic: string, payload: string) =>
        `mosquitto_pub ${port}-t ${topicPrefix}/${topic} -m ${payload}`;
      const press = `button/${button?.id ?? 'main'}/press`;
      log.info(`press with: ${publish(press, 'press')}`);
      const gesture = gestures.find((gesture) => button?.on[gesture] === 'rollback');
      if (gesture !== undefined)
        log.info(
          `roll back with: ${publish(press, gesture)}; this freezes the button. Unfreeze with: ${publish('freeze/set', 'off')}`,
        );
    },
    stop: () => {},
  };
}
