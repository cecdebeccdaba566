/** Runs an action as a user who owns nothing, because root may do everything. */
export async function asUnprivilegedUser<Result>(action: () => Promise<Result>): Promise<Result> {
  const { geteuid, seteuid } = process;
  if (seteuid === undefined || geteuid?.() !== 0) return action();
  seteuid(65_534);
  try {
    return await action();
  } finally {
    seteuid(0);
  }
}
