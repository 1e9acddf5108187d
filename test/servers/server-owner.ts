/** A process that starts a server, says where, and ends as its argument says, without stopping it. */
import { startServer } from './start-server.ts';

const serve = `process.on('SIGTERM', () => {});
  require('node:http').createServer((_, answer) => answer.end()).listen(Number(process.argv[1]), '127.0.0.1');`;

const { url, folder } = await startServer({
  name: 'left',
  program: process.execPath,
  args: (port) => ['-e', serve, String(port)],
  health: '/',
});
console.log(JSON.stringify({ url, folder }));
if (process.argv[2] === 'throw') throw new Error('a test that failed');
if (process.argv[2] === 'wait') setInterval(() => undefined, 1000);
