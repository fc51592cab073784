/** An error that the simulator answers over the wire, named as AWS names it. */
export class AwsError extends Error {
  /** The error's type in the JSON protocols, such as `ValidationException`; the query protocol derives its code. */
  readonly type: string;
  /** HTTP status. */
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsError';
    this.type = type;
    this.status = status;
  }
}

/** A refused request: a parameter is missing, malformed or out of range. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** What AWS says of a parameter that breaks a constraint of the service model. */
export function constraintError(value: unknown, path: string, constraint: string): AwsError {
  const shown = value === undefined || value === null ? 'null' : `'${String(value)}'`;
  return validationError(
    `1 validation error detected: Value ${shown} at '${path}' failed to satisfy constraint: ${constraint}`,
  );
}
