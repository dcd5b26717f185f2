"""Generalised estimating equations for cluster trials."""

from enginehouse.stats.gee.cluster_period import DecayKind, cluster_period_gee
from enginehouse.stats.gee.corrections import (
    CORRECTION_WORDS,
    ClusterCorrection,
    ClusterScores,
    JointTest,
    joint_test,
    standard_error,
)
from enginehouse.stats.gee.correlation import (
    Autoregressive,
    Exchangeable,
    Fixed,
    Independence,
    NestedExchangeable,
    Structure,
)
from enginehouse.stats.gee.degrees import GeeDf, Saddlepoint, degrees_of_freedom, saddlepoint
from enginehouse.stats.gee.families import GeeFamily, Link
from enginehouse.stats.gee.fit import GeeFit, gee
from enginehouse.stats.gee.moments import Moments

__all__ = [
    "CORRECTION_WORDS",
    "Autoregressive",
    "ClusterCorrection",
    "ClusterScores",
    "DecayKind",
    "Exchangeable",
    "Fixed",
    "GeeDf",
    "GeeFamily",
    "GeeFit",
    "Independence",
    "JointTest",
    "Link",
    "Moments",
    "NestedExchangeable",
    "Saddlepoint",
    "Structure",
    "cluster_period_gee",
    "degrees_of_freedom",
    "gee",
    "joint_test",
    "saddlepoint",
    "standard_error",
]
