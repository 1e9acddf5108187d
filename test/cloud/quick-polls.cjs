// Loaded into the CDK's command line before it starts. It asks CloudFormation every five seconds whether a change set or a
// stack is ready; the emulator is ready at once.
const pollOfTheCdk = 5000;
const pollHere = 100;
const wait = globalThis.setTimeout;

globalThis.setTimeout = Object.defineProperties(
  (action, delay, ...args) => wait(action, delay === pollOfTheCdk ? pollHere : delay, ...args),
  Object.getOwnPropertyDescriptors(wait),
);
