// Loaded into the witnesses before everything else: on SIGUSR2 they collect their garbage, so that what is measured then is
// what they hold.
process.on('SIGUSR2', () => {
  globalThis.gc();
  process.stdout.write('collected\n');
});
