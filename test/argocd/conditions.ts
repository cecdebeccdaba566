// Outages around the applications: the controller, the repository server, the Kubernetes API.

export interface Conditions {
  readonly controllerDown: boolean;
  readonly repositoryServerDown: boolean;
  readonly kubernetesDown: boolean;
  set(change: ConditionFlags): void;
  /** Resolves as soon as the controller is up. */
  controllerUp(): Promise<void>;
}

type ConditionFlags = {
  controllerDown?: boolean;
  repositoryServerDown?: boolean;
  kubernetesDown?: boolean;
};

/** @param onKubernetesBack is called after an outage of the Kubernetes API */
export function createConditions(onKubernetesBack: () => void): Conditions {
  let flags = { controllerDown: false, repositoryServerDown: false, kubernetesDown: false };
  let waiting: (() => void)[] = [];
  return {
    get controllerDown() {
      return flags.controllerDown;
    },
    get repositoryServerDown() {
      return flags.repositoryServerDown;
    },
    get kubernetesDown() {
      return flags.kubernetesDown;
    },
    set(change) {
      const { kubernetesDown } = flags;
      flags = { ...flags, ...change };
      if (kubernetesDown && !flags.kubernetesDown) onKubernetesBack();
      if (flags.controllerDown) return;
      const resumed = waiting;
      waiting = [];
      for (const resume of resumed) resume();
    },
    controllerUp() {
      if (!flags.controllerDown) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
  };
}
