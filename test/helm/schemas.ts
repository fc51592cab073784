/** The Python package with the schemas of Kubernetes' own objects, 1.25 to 1.37. */
export const KUBERNETES_SCHEMAS = ['kubernetes-validate==1.37.0'];
