/** Errors whose message tells people all that they need: where in a program they were thrown tells them nothing. */
const forPeople = ['InvalidConfiguration', 'MissingBundle'];

/**
 * Ends an app of the CDK with what is wrong, a line for each problem, on stderr and exit code 1.
 * @throws the error itself, with its stack, where its message is not meant for people.
 */
export function endWithProblem(error: unknown): never {
  // By name: the two parts of the package that throw them know nothing of each other.
  if (!(error instanceof Error) || !forPeople.includes(error.name)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
