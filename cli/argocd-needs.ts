// The settings that a process needs if it talks to Argo CD.
export const argocdNeeds = {
  required: ['argocd.server'],
  oneOf: [['argocd.token', 'argocd.username']],
} as const;
