"""Brains and BIDS."""
import hashlib
import os

from .truth import layout
from .writers import coarse, image, labels, mask, place, table, text, volume, voxels


def bids(out, *derived):
    text(out / "dataset_description.json", {"Name": "toy", "BIDSVersion": "1.8.0"})
    for name in derived:
        text(out / "derivatives" / name / "dataset_description.json",
             {"Name": name, "BIDSVersion": "1.8.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": name}]})


@layout("brats2020", 3, 3, channels=["flair", "t1", "t1ce", "t2"])
def brats2020(out):
    folder = out / "MICCAI_BraTS2020_TrainingData"
    for n in range(1, 4):
        stem = f"BraTS20_Training_{n:03}"
        for contrast in ("flair", "t1", "t1ce", "t2"):
            image(folder / stem / f"{stem}_{contrast}.nii", n, "mr")
        labels(folder / stem / f"{stem}_seg.nii", n, (1, 2, 4))
    table(folder / "name_mapping.csv", "Grade,BraTS_2017_subject_ID,BraTS_2020_subject_ID",
          [("HGG", f"Brats17_CBICA_{n}_1", f"BraTS20_Training_{n:03}") for n in range(1, 4)])
    table(folder / "survival_info.csv", "Brats20ID,Age,Survival_days,Extent_of_Resection",
          [(f"BraTS20_Training_{n:03}", 60 + n, 200 + n, "GTR") for n in range(1, 4)])


@layout("brats2021", 3, 3, channels=["flair", "t1", "t1ce", "t2"])
def brats2021(out):
    for n in range(3):
        stem = f"BraTS2021_{n:05}"
        for contrast in ("flair", "t1", "t1ce", "t2"):
            image(out / stem / f"{stem}_{contrast}.nii.gz", n, "mr")
        labels(out / stem / f"{stem}_seg.nii.gz", n, (1, 2, 4))


@layout("brats2023", 4, 3, channels=["t1n", "t1c", "t2w", "t2f"])
def brats2023(out):
    """BraTS-GLI-PATIENT-TIME: two times of one patient must not be divided between training and test."""
    folder = out / "ASNR-MICCAI-BraTS2023-GLI-Challenge-TrainingData"
    for n, who in enumerate(("00000-000", "00002-000", "00002-001", "00003-000")):
        stem = f"BraTS-GLI-{who}"
        for contrast in ("t1n", "t1c", "t2w", "t2f"):
            image(folder / stem / f"{stem}-{contrast}.nii.gz", n, "mr")
        labels(folder / stem / f"{stem}-seg.nii.gz", n, (1, 2, 3))


@layout("ucsf-pdgm", 4, 3, labels=4, channels=["T1", "T1c", "T2", "FLAIR", "ADC", "SWI"])
def ucsf_pdgm(out):
    """Masks of the brain and of its tissue beside the tumour's map; a second time ends in _FU003d."""
    for n, who in enumerate(("0004", "0005", "0005_FU003d", "0007")):
        stem, folder = f"UCSF-PDGM-{who}", out / f"UCSF-PDGM-{who}_nifti"
        for contrast in ("T1", "T1c", "T2", "FLAIR", "ADC", "SWI"):
            image(folder / f"{stem}_{contrast}.nii.gz", n, "mr")
        labels(folder / f"{stem}_tumor_segmentation.nii.gz", n, (1, 2, 4))
        labels(folder / f"{stem}_brain_segmentation.nii.gz", n, [1])


@layout("isles2022", 3, 3, channels=["dwi", "adc"])
def isles2022(out):
    for n in range(1, 4):
        sub, ses = f"sub-strokecase{n:04}", "ses-0001"
        for contrast in ("dwi", "adc"):
            image(out / sub / ses / "dwi" / f"{sub}_{ses}_{contrast}.nii.gz", n, "mr")
        labels(out / "derivatives" / sub / ses / f"{sub}_{ses}_msk.nii.gz", n, [1])
    bids(out)


@layout("isles2022-flair", 6, 3, labelled=3, channels=None)
def isles2022_flair(out):
    """With FLAIR in another folder, on another grid: the mask is that of the diffusion's image."""
    isles2022(out)
    for n in range(1, 4):
        sub = f"sub-strokecase{n:04}"
        image(out / sub / "ses-0001" / "anat" / f"{sub}_ses-0001_FLAIR.nii.gz", n, "mr", coarse)


@layout("wmh", 3, 3, channels=["FLAIR", "T1"])
def wmh(out):
    """The label map is called after what it marks; orig/ holds the same images before their correction."""
    for n, site in enumerate(("Utrecht", "Utrecht", "Singapore")):
        case = out / "training" / site / str(n * 17)
        for part in ("pre", "orig"):
            for contrast in ("FLAIR", "T1"):
                image(case / part / f"{contrast}.nii.gz", n, "mr")
        labels(case / "wmh.nii.gz", n)


@layout("mrbrains18", 3, 3, channels=["FLAIR", "reg_IR", "reg_T1"])
def mrbrains18(out):
    for n in range(3):
        for contrast in ("FLAIR", "reg_IR", "reg_T1"):
            image(out / "training" / str(n + 1) / "pre" / f"{contrast}.nii.gz", n, "mr")
        labels(out / "training" / str(n + 1) / "segm.nii.gz", n, (1, 2, 3))


@layout("iseg2017", 3, 3, channels=["T1", "T2"])
def iseg2017(out):
    """Pairs of .hdr and .img."""
    for n in range(1, 4):
        for contrast in ("T1", "T2"):
            image(out / "iSeg-2017-Training" / f"subject-{n}-{contrast}.hdr", n, "mr")
        labels(out / "iSeg-2017-Training" / f"subject-{n}-label.hdr", n, (10, 150, 250))


@layout("analyze-pairs", 3, 3, expect="rule")
def analyze_pairs(out):
    """The same with headers of Analyze 7.5, which do not say where left and right are."""
    for n in range(1, 4):
        image(out / "images" / f"subject-{n}.hdr", n, "mr")
        labels(out / "labels" / f"subject-{n}.hdr", n)
    for header in out.rglob("*.hdr"):
        header.write_bytes(header.read_bytes()[:252] + bytes(96))


@layout("atlas2", 3, 3, labels=1, splits={"train": 3})
def atlas2(out):
    for n in range(1, 4):
        sub = f"sub-r001s{n:03}"
        folder = out / "ATLAS_2" / "Training" / "R001" / sub / "ses-1" / "anat"
        image(folder / f"{sub}_ses-1_space-MNI152NLin2009aSym_T1w.nii.gz", n, "mr")
        labels(folder / f"{sub}_ses-1_space-MNI152NLin2009aSym_label-L_desc-T1lesion_mask.nii.gz", n, [1])


@layout("crossmoda", 5, 5, labelled=3)
def crossmoda(out):
    for n in range(1, 4):
        image(out / "source_training" / f"crossmoda_{n}_ceT1.nii.gz", n, "mr")
        labels(out / "source_training" / f"crossmoda_{n}_Label.nii.gz", n)
    for n in (4, 5):
        image(out / "target_training" / f"crossmoda_{n + 102}_hrT2.nii.gz", n, "mr")


@layout("feta", 3, 3)
def feta(out):
    for n in range(1, 4):
        sub = f"sub-{n:03}"
        image(out / "feta_2.2" / sub / "anat" / f"{sub}_rec-mial_T2w.nii.gz", n, "mr")
        labels(out / "feta_2.2" / sub / "anat" / f"{sub}_rec-mial_dseg.nii.gz", n, (1, 2, 7))
    table(out / "feta_2.2" / "participants.tsv", "participant_id\tPathology\tGestational age",
          [(f"sub-{n:03}", "Neurotypical", 27.5) for n in range(1, 4)], "\t")


@layout("bids", 4, 2, labels=["lesion"])
def bids_masks(out):
    """Two sessions of two people, the masks among the derivatives under the pipeline's name."""
    for n in range(4):
        sub, ses = f"sub-{1 + n // 2:02}", f"ses-{1 + n % 2}"
        image(out / sub / ses / "anat" / f"{sub}_{ses}_T1w.nii.gz", n, "mr")
        folder = out / "derivatives" / "manual_masks" / sub / ses / "anat"
        labels(folder / f"{sub}_{ses}_label-lesion_mask.nii.gz", n, [1])
    bids(out, "manual_masks")


@layout("bids-dseg", 3, 3, labels=["GM", "WM"])
def bids_dseg(out):
    """Names of the values stand in dseg.tsv at the top of the derivatives."""
    for n in range(1, 4):
        sub = f"sub-{n:02}"
        image(out / sub / "anat" / f"{sub}_T1w.nii.gz", n, "mr")
        labels(out / "derivatives" / "manual" / sub / "anat" / f"{sub}_dseg.nii.gz", n)
    table(out / "derivatives" / "manual" / "dseg.tsv", "index\tname\tabbreviation",
          [(1, "GM", "GM"), (2, "WM", "WM")], "\t")
    bids(out, "manual")


@layout("bids-fmriprep", 3, 3, labels=["1", "2", "3"])
def bids_fmriprep(out):
    """Derivatives are images, too, and likelihoods; of a label map that is to be learnt nothing is said."""
    for n in range(1, 4):
        sub = f"sub-{n:02}"
        image(out / sub / "anat" / f"{sub}_T1w.nii.gz", n, "mr")
        image(out / sub / "func" / f"{sub}_task-rest_bold.nii.gz", n, "mr", volumes=6)
        folder = out / "derivatives" / "fmriprep" / sub / "anat"
        image(folder / f"{sub}_desc-preproc_T1w.nii.gz", n, "mr")
        labels(folder / f"{sub}_dseg.nii.gz", n, (1, 2, 3))
        mask(folder / f"{sub}_desc-brain_mask.nii.gz", n)
        size, spacing, origin = place(n)
        volume(folder / f"{sub}_label-GM_probseg.nii.gz", voxels("pet", size, (sub, "gm")) / 20, spacing, origin)
    bids(out, "fmriprep")


@layout("spine-generic", 3, 3, labels=1, channels=["T1w", "T2w"])
def spine_generic(out):
    """Labels of the Spinal Cord Toolbox end in what they are and who made them: _seg-manual."""
    for n in range(1, 4):
        sub = f"sub-site{n:02}"
        for contrast in ("T1w", "T2w"):
            image(out / sub / "anat" / f"{sub}_{contrast}.nii.gz", n + (contrast == "T2w"), "mr")
        labels(out / "derivatives" / "labels" / sub / "anat" / f"{sub}_T2w_seg-manual.nii.gz", n + 1, [1])
    bids(out)


LUT = """#$Id: FreeSurferColorLUT.txt $
#No. Label Name:                            R   G   B   A
0   Unknown                                 0   0   0   0
2   Left-Cerebral-White-Matter              245 245 245 0
17  Left-Hippocampus                        220 216 20  0
"""


@layout("freesurfer", 3, 3, labels=["Left-Cerebral-White-Matter", "Left-Hippocampus"])
def freesurfer(out):
    """As recon-all leaves it: .mgz, and values on the surface among them."""
    for n in range(3):
        mri = out / "subjects" / f"OAS1_{n:04}_MR1" / "mri"
        for name in ("orig", "brainmask"):
            image(mri / f"{name}.mgz", n, "mr")
        labels(mri / "aseg.mgz", n, (2, 17))
        volume(mri.parent / "surf" / "lh.thickness.mgz", voxels("pet", (40, 1, 1), n), (1, 1, 1), (0, 0, 0))
    text(out / "FreeSurferColorLUT.txt", LUT)


@layout("freesurfer-nifti", 3, 3, labels=["Left-Cerebral-White-Matter", "Left-Hippocampus"])
def freesurfer_nifti(out):
    """The same after mri_convert."""
    for n in range(3):
        mri = out / "subjects" / f"OAS1_{n:04}_MR1" / "mri"
        image(mri / "orig.nii.gz", n, "mr")
        labels(mri / "aseg.nii.gz", n, (2, 17))
    text(out / "FreeSurferColorLUT.txt", LUT)


@layout("datalad", 2, 2, labels=1)
def datalad(out):
    """Names are links to contents below .git/annex; one subject's were not fetched."""
    bids(out)
    for n in (1, 2, 3):
        folder = out / f"sub-{n:02}" / "anat"
        for path in (image(folder / f"sub-{n:02}_T1w.nii.gz", n, "mr"),
                     labels(folder / f"sub-{n:02}_label-lesion_mask.nii.gz", n, [1])):
            content = path.read_bytes()
            key = f"MD5E-s{len(content)}--{hashlib.md5(content).hexdigest()}.nii.gz"
            target = out / ".git" / "annex" / "objects" / key[8:10] / key[10:12] / key / key
            target.parent.mkdir(parents=True)
            path.rename(target)
            if n == 3:
                target.unlink()
            path.symlink_to(os.path.relpath(target, folder))


@layout("ixi", 6, 3, labelled=0, labels=[])
def ixi(out):
    """One folder a contrast, no labels."""
    for n, who in enumerate(("IXI002-Guys-0828", "IXI012-HH-1211", "IXI013-HH-1212")):
        for contrast in ("T1", "T2"):
            image(out / f"IXI-{contrast}" / f"{who}-{contrast}.nii.gz", n, "mr")
