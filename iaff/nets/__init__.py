"""The networks: backbones at a chosen stride, classifier, unary, pairwise, region."""
