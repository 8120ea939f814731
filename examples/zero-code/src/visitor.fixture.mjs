// Visits a service from the host on which it runs: what it hears is a path, what it tells the status and how long that took.
// Argument: the service's port.
const [port] = process.argv.slice(2);

process.on('message', async (path) => {
  const begun = performance.now();
  const { status } = await fetch(`http://127.0.0.1:${port}${path}`);
  process.send({ path, status, tookMillis: performance.now() - begun });
});
