/** Python packages that judge the workflows: their security, and their shape by the published schema. */
export const WORKFLOW_LINTERS = ['zizmor==1.32.0', 'check-jsonschema==0.39.0'];
