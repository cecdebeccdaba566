// The settings that every process needs that asks Argo CD.
export const argocdNeeds = {
  required: ['argocd.server'],
  oneOf: [['argocd.token', 'argocd.username']],
} as const;
