// The witnesses load this file first. On SIGUSR2 they collect their garbage, so that the next measurement shows what they
// hold.
process.on('SIGUSR2', () => {
  globalThis.gc();
  process.stdout.write('collected\n');
});
