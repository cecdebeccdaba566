// What a process that asks Argo CD cannot do without.
export const argocdNeeds = {
  required: ['argocd.server'],
  oneOf: [['argocd.token', 'argocd.username']],
} as const;
