"""Sets that home institutes leave: copies of labels, several readers, labels that nothing calls so."""
from .truth import layout
from .writers import image, labels, mask, picture


@layout("copies-of-labels", 3, 3, labels=1)
def copies(out):
    """Which of the copies counts is to be said: data.sources.NAME.answers."""
    for n in range(3):
        image(out / f"case_{n}" / "ct.nii.gz", n)
        for copy in ("seg", "seg (1)", "seg - Kopie", "seg_v2", "seg_backup_20210101"):
            labels(out / f"case_{n}" / f"{copy}.nii.gz", n, [1])


@layout("readers-by-initials", 3, 3, labels=1, expect="rule")
def initials(out):
    """Two people have drawn the same: no word says so, their voxels do."""
    for n in range(3):
        image(out / f"case_{n}" / "ct.nii.gz", n)
        for reader in ("AB", "CD"):
            mask(out / f"case_{n}" / f"seg_{reader}.nii.gz", n)


@layout("eye-muscles", 3, 3, labels=["rectus_IR", "rectus_MR", "rectus_LR"])
def eye_muscles(out):
    """IR and MR are the inferior and the medial rectus, and no contrasts."""
    for n in range(3):
        image(out / f"case_{n}" / "ct.nii.gz", n)
        for number, muscle in enumerate(("IR", "MR", "LR")):
            mask(out / f"case_{n}" / "masks" / f"rectus_{muscle}.nii.gz", n, number)


@layout("vertebra-masks", 3, 3, labels=["T1", "T12", "L1"])
def vertebra_masks(out):
    """T1 is the first thoracic vertebra where the others are vertebrae."""
    for n in range(3):
        image(out / f"case{n}_CT.nii.gz", n)
        for number, vertebra in enumerate(("T1", "T12", "L1")):
            mask(out / f"case{n}_{vertebra}_mask.nii.gz", n, number)


@layout("contrast-medium", 3, 3, channels=3, expect="rule")
def contrast_medium(out):
    """Before and after the contrast medium, and one segmentation: of which of them it is, nobody says."""
    for n in range(3):
        for contrast in ("T1_pre", "T1_post", "T2"):
            image(out / f"case_{n}" / f"{contrast}.nii.gz", n, "mr")
        labels(out / f"case_{n}" / "seg.nii.gz", n)


@layout("masked-images", 3, 3, labelled=0, labels=[], expect="rule")
def masked_images(out):
    """x_T1_mask is the masked image, and no mask."""
    for n in range(3):
        image(out / f"{n}_T1.nii.gz", n, "mr")
        image(out / f"{n}_T1_mask.nii.gz", n, "mr")


@layout("foreign-words", 3, 3, channels=2, expect="rule")
def foreign_words(out):
    """Labels on each of two contrasts, in a folder whose word nobody knows."""
    for n in range(3):
        for contrast in ("t1", "t2"):
            image(out / "kuvat" / f"p{n}_{contrast}.nii.gz", n, "mr")
            labels(out / "rajaukset" / f"p{n}_{contrast}.nii.gz", n)


@layout("foreign-stems", 3, 3, expect="rule")
def foreign_stems(out):
    """Neither the folders nor the files are called alike."""
    for n in range(3):
        image(out / "CT" / f"CT_{n:03}.nii.gz", n)
        labels(out / "ROI" / f"ROI_{n:03}.nii.gz", n)


@layout("views-below-classes", 16, None, labels=["fracture", "normal"], pictures=True)
def views(out):
    for cls in ("normal", "fracture"):
        for view in ("AP", "LAT"):
            for n in range(4):
                picture(out / cls / view / f"{cls}_{view}_{n}.png")


@layout("letters-of-classes", 12, None, labels=["Benign", "Malignant"], pictures=True)
def letters(out):
    """Classes that are written otherwise in another part of the set."""
    for split, classes in (("train", ("Benign", "Malignant")), ("test", ("benign", "malignant"))):
        for cls in classes:
            for n in range(3):
                picture(out / split / cls / f"{split}{n}.png")
