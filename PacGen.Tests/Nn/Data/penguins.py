"""What scikit-learn's ridge regression and a small MLP come to on PacGen's embedded table: the numbers of docs/own-data.md.

    python3 PacGen.Tests/Nn/Data/penguins.py            (python3-sklearn; recorded with scikit-learn 1.2.1)
"""
import csv
import pathlib
import warnings

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# The rows that Datasets.Load("penguins") tests on.
TEST = [
    17, 22, 23, 25, 29, 33, 38, 39, 40, 47, 48, 53, 62, 68, 79, 81, 89, 93, 101, 108, 117, 118, 127, 129, 130, 133, 141,
    144, 159, 160, 163, 174, 187, 189, 192, 196, 208, 209, 217, 225, 228, 230, 234, 236, 244, 245, 246, 251, 253, 256,
    261, 265, 269, 275, 276, 277, 280, 281, 288, 292, 293, 299, 308, 316, 320, 321, 332,
]

path = pathlib.Path(__file__).parents[3] / "PacGen.Nn/Data/Penguins/penguins.csv"
with path.open(newline="") as file:
    rows = list(csv.DictReader(file))
features = [[row[name] == value for name in ("species", "island", "sex") for value in sorted({r[name] for r in rows})]
            + [float(row[name]) for name in ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")] for row in rows]
x, y = np.array(features, float), np.array([float(row["body_mass_kg"]) for row in rows])
test = np.isin(np.arange(len(rows)), TEST)
warnings.filterwarnings("ignore")


def tell(name, model):
    answers = make_pipeline(StandardScaler(), model).fit(x[~test], y[~test]).predict(x[test])
    error = mean_squared_error(y[test], answers) ** 0.5
    print(f"{name}: root mean squared error {error:.4f}, mean absolute error {mean_absolute_error(y[test], answers):.4f}, "
          f"R2 {r2_score(y[test], answers):.4f}")
    return error


tell("ridge", RidgeCV(alphas=np.logspace(-3, 3, 13)))
errors = [tell(f"MLP 11-32-1, seed {seed}", MLPRegressor((32,), max_iter=2000, random_state=seed)) for seed in range(5)]
print(f"MLP: {np.mean(errors):.4f}, deviation {np.std(errors):.4f}")
