import type { FaultRow } from '../matrix.ts';
import { fileIn, refused, SECRET } from './helper.ts';

const CONFIG_FILE = fileIn('targets.yaml');
const ROLE = 'arn:aws:iam::222222222222:role/costs';

/** A row whose `CONFIG_FILE` says this. */
function file(
  id: string,
  fault: string,
  expected: string,
  yaml: string,
  ...names: readonly RegExp[]
): FaultRow {
  return refused(
    { id: `configuration/${id}`, fault, expected },
    { env: { CONFIG_FILE }, files: { 'targets.yaml': yaml }, names },
  );
}

/** `CONFIG_FILE`. */
export const rows: readonly FaultRow[] = [
  refused(
    {
      id: 'configuration/file-unreadable',
      fault: 'CONFIG_FILE names a file that is not there',
      expected: 'Refused: the program does not go on with the one target that it has without the file.',
    },
    { env: { CONFIG_FILE: fileIn('none.yaml') }, names: [/^CONFIG_FILE=.*cannot be read: ENOENT/] },
  ),
  file(
    'file-foreign',
    'CONFIG_FILE names a file of something else, with secrets in it',
    'Refused, and nothing of what it holds is shown.',
    `password=${SECRET}\n[section]\nkey = ${SECRET}\n`,
    /^CONFIG_FILE \(the whole file\): must be a mapping|^CONFIG_FILE=.*cannot be read/,
  ),
  file(
    'yaml-broken',
    'The YAML of CONFIG_FILE is broken beside an externalId',
    'Refused with line and column; no text of the file is shown.',
    `targets:\n  - name: a\n    roleArn: ${ROLE}\n    externalId: ${SECRET}: x\n`,
    /^CONFIG_FILE=.*cannot be read: \w+ at line 4/,
  ),
  file(
    'target-twice',
    'Two targets of one name',
    'Refused: snapshots, metrics and the ledger know a target by its name.',
    'targets: [{name: twin}, {name: other}, {name: twin}]',
    /^CONFIG_FILE targets\.2\.name="twin": stands twice/,
  ),
  file(
    'role-malformed',
    "A roleArn is a user's, another has no account",
    'Refused at the start, not by AWS in an hour; both are named.',
    'targets: [{name: a, roleArn: "arn:aws:iam::222222222222:user/x"}, {name: b, roleArn: "arn:aws:iam::role/x"}]',
    /^CONFIG_FILE targets\.0\.roleArn=.*must be a role's ARN/,
    /^CONFIG_FILE targets\.1\.roleArn=.*must be a role's ARN/,
  ),
  file(
    'account-as-a-number',
    'An accountId without quotes, which YAML reads as a number',
    'Refused: leading zeros would be lost.',
    'targets: [{name: a, accountId: 012345678901}]',
    /^CONFIG_FILE targets\.0\.accountId=.*12 digits in quotes/,
  ),
  file(
    'unknown-key',
    'A key of CONFIG_FILE is misspelt, with a secret behind it',
    'Refused: none is accepted and ignored. The value is not shown.',
    `targets: [{name: a, roleArn: "${ROLE}", externalID: ${SECRET}}]`,
    /^CONFIG_FILE targets\.0\.externalID: is not a key of this file/,
  ),
  file(
    'external-id-without-role',
    'An externalId without a roleArn',
    'Refused: it would have no effect, and its owner would believe that it has.',
    `targets: [{name: a, externalId: ${SECRET}}]`,
    /^CONFIG_FILE targets\.0\.externalId: has no effect without roleArn/,
  ),
];
