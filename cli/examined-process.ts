// Loads the configuration of the process that `doctor` examines. If the configuration is faulty, it loads only the sections
// that are valid.
import { loadConfig } from '../config/load.ts';
import { ConfigError } from '../config/problems/problem.ts';
import type { SectionName } from '../config/sections.ts';
import { homeAssistantNotes, invalidRows, validRow } from '../doctor/configuration.ts';
import type { ExaminedProcess } from '../doctor/doctor.ts';
import { argocdNeeds } from './argocd-needs.ts';
import { isDemo, loadStart } from './demo.ts';
import type { GivenFlags } from './flags.ts';
import { processSections } from './processes.ts';

export const examinableProcesses = ['start', 'release-worker', 'gpio-agent'] as const;
type ExaminableName = (typeof examinableProcesses)[number];

export async function loadExaminedProcess(
  name: ExaminableName,
  given: GivenFlags,
  real: boolean,
): Promise<ExaminedProcess> {
  try {
    return await loadWhole(name, given, real);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const configuration = invalidRows(error);
    // A half-loaded demo could reach a real Argo CD.
    if (name === 'start' && isDemo(given, real))
      return { configuration, mqtt: 'invalid', worker: 'invalid', argocd: 'invalid', demo: true };
    return { configuration, ...(await loadParts(name, given)), demo: false };
  }
}

async function loadWhole(name: ExaminableName, given: GivenFlags, real: boolean): Promise<ExaminedProcess> {
  if (name === 'gpio-agent') {
    const loaded = await loadConfig({ ...given, sections: processSections[name] });
    return {
      configuration: [validRow({ ...loaded, demo: false })],
      mqtt: loaded.config.mqtt,
      demo: false,
    };
  }
  if (name === 'release-worker') {
    const loaded = await loadConfig({
      ...given,
      ...argocdNeeds,
      sections: processSections[name],
    });
    return {
      configuration: [validRow({ ...loaded, demo: false })],
      ...partsOf(loaded.config, loaded.secretFiles),
      demo: false,
    };
  }
  const { demo, loaded } = await loadStart(given, real);
  const { config, secretFiles } = loaded;
  return {
    configuration: [
      validRow({
        ...loaded,
        demo,
        warnings: [...loaded.warnings, ...homeAssistantNotes(config.homeAssistant, demo)],
      }),
    ],
    ...partsOf(config, secretFiles),
    ...(config.mqtt.url === undefined ? { embedded: config.broker } : {}),
    demo,
  };
}

type Loaded = Awaited<ReturnType<typeof loadStart>>['loaded'];

function partsOf(
  config: Pick<Loaded['config'], 'mqtt' | 'worker' | 'argocd'>,
  secretFiles: ReadonlyMap<string, string>,
): Pick<ExaminedProcess, 'mqtt' | 'worker' | 'argocd'> {
  return {
    mqtt: config.mqtt,
    worker: config.worker,
    argocd: { argocd: config.argocd, secretFiles, server: config.argocd.server },
  };
}

/** Loads each section on its own, so that an invalid section does not keep `doctor` from checking the others. */
async function loadParts(
  name: ExaminableName,
  given: GivenFlags,
): Promise<Omit<ExaminedProcess, 'configuration' | 'demo'>> {
  const load = <S extends SectionName>(section: S) =>
    orInvalid(loadConfig({ ...given, sections: [section] }));
  const mqtt = await load('mqtt');
  const found = { mqtt: mqtt === 'invalid' ? mqtt : mqtt.config.mqtt };
  if (name === 'gpio-agent') return found;
  const broker = await load('broker');
  const worker = await load('worker');
  const argocd = await orInvalid(loadConfig({ ...given, ...argocdNeeds, sections: ['argocd'] }));
  const embedded = name === 'start' && mqtt !== 'invalid' && mqtt.config.mqtt.url === undefined;
  if (embedded && broker === 'invalid') found.mqtt = 'invalid';
  return {
    ...found,
    ...(embedded && broker !== 'invalid' ? { embedded: broker.config.broker } : {}),
    worker: worker === 'invalid' ? worker : worker.config.worker,
    argocd:
      argocd === 'invalid'
        ? argocd
        : {
            argocd: argocd.config.argocd,
            secretFiles: argocd.secretFiles,
            server: argocd.config.argocd.server,
          },
  };
}

async function orInvalid<Value>(loading: Promise<Value>): Promise<Value | 'invalid'> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof ConfigError) return 'invalid';
    throw error;
  }
}
