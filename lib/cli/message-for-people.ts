/** Errors whose message tells people all that they need: where in a program they were thrown tells them nothing. */
const forPeople = ['InvalidConfiguration', 'MissingBundle'];

/**
 * What an app of the CDK prints before it ends with exit code 1: what is wrong, a line for each problem.
 * @throws the error itself, so that its stack is seen, where its message is not meant for people.
 */
export function messageForPeople(error: unknown): string {
  // By name: the two parts of the package that throw them know nothing of each other.
  if (!(error instanceof Error) || !forPeople.includes(error.name)) throw error;
  return error.message;
}
