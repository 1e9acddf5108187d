/** An answer of the API that is no success, in the shape that its documentation gives. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  get body(): string {
    const { status, reason, message } = this;
    return JSON.stringify({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } });
  }
}

export const noBucket = () => new ApiError(404, 'notFound', 'The specified bucket does not exist.');
export const noObject = (bucket: string, name: string) =>
  new ApiError(404, 'notFound', `No such object: ${bucket}/${name}`);
export const conditionNotMet = () =>
  new ApiError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
export const invalid = (message: string) => new ApiError(400, 'invalid', message);
