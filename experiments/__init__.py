"""Virtual trials: protocols, replicates, results, reports and the command line."""
